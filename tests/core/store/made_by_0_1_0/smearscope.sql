BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('models');
CREATE TABLE amendments (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id), 
	UNIQUE (slide_id, version)
);
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	who TEXT NOT NULL, 
	what VARCHAR(32) NOT NULL, 
	slide_id INTEGER, 
	detail JSON NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
INSERT INTO "audit" VALUES(1,'2026-11-30 05:57:31.321178','Anna','case added',NULL,'{"case": 1}');
INSERT INTO "audit" VALUES(2,'2026-11-30 05:57:31.332268','Anna','slide added',1,'{"case": 1}');
INSERT INTO "audit" VALUES(3,'2026-11-30 05:57:31.876727','process','scoring: scoring',1,'{}');
INSERT INTO "audit" VALUES(4,'2026-11-30 05:57:31.906446','Anna','result taken in',1,'{"result": 1, "sha256": "122d503246021e16a63e5deb101b222d56501946466fc0a735896b1f8f747b60"}');
INSERT INTO "audit" VALUES(5,'2026-11-30 05:57:31.916188','Anna','read',1,'{"reading": 1, "candidate": 1, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(6,'2026-11-30 05:57:31.921574','Anna','read',1,'{"reading": 2, "candidate": 2, "role": "first", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(7,'2026-11-30 05:57:31.925370','Anna','read',1,'{"reading": 3, "candidate": 3, "role": "first", "call": "unsure"}');
INSERT INTO "audit" VALUES(8,'2026-11-30 05:57:31.937827','Ben','read',1,'{"reading": 4, "candidate": 1, "role": "second", "call": "parasite"}');
INSERT INTO "audit" VALUES(9,'2026-11-30 05:57:31.941365','Ben','read',1,'{"reading": 5, "candidate": 2, "role": "second", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(10,'2026-11-30 05:57:31.963453','Anna','offered: further',1,'{"cells": 3}');
INSERT INTO "audit" VALUES(11,'2026-11-30 05:57:31.965729','Anna','read',1,'{"reading": 6, "candidate": 5, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(12,'2026-11-30 05:57:31.969329','Anna','read',1,'{"reading": 7, "candidate": 6, "role": "first", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(13,'2026-11-30 05:57:31.989419','Anna','offered: sample',1,'{"cells": 2}');
INSERT INTO "audit" VALUES(14,'2026-11-30 05:57:31.993844','Anna','read',1,'{"reading": 8, "candidate": 8, "role": "first", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(15,'2026-11-30 05:57:32.003160','Anna','read',1,'{"reading": 9, "candidate": 10, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(16,'2026-11-30 05:57:32.012871','Anna','case added',NULL,'{"case": 2}');
INSERT INTO "audit" VALUES(17,'2026-11-30 05:57:32.018580','Anna','slide added',2,'{"case": 2}');
INSERT INTO "audit" VALUES(18,'2026-11-30 05:57:32.096008','process','scoring: scoring',2,'{}');
INSERT INTO "audit" VALUES(19,'2026-11-30 05:57:32.106274','Anna','result taken in',2,'{"result": 2, "sha256": "8be6d7f7862f202922d3fc506673d3c991d2cc56b183ebb3eaa546ebaec53f00"}');
INSERT INTO "audit" VALUES(20,'2026-11-30 05:57:32.125966','Anna','offered: further',2,'{"cells": 1}');
INSERT INTO "audit" VALUES(21,'2026-11-30 05:57:32.128404','Anna','read',2,'{"reading": 10, "candidate": 11, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(22,'2026-11-30 05:57:32.134116','Anna','read',2,'{"reading": 11, "candidate": 12, "role": "first", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(23,'2026-11-30 05:57:32.146393','Anna','read',2,'{"reading": 12, "candidate": 13, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(24,'2026-11-30 05:57:32.154488','Ben','read',2,'{"reading": 13, "candidate": 11, "role": "second", "call": "parasite"}');
INSERT INTO "audit" VALUES(25,'2026-11-30 05:57:32.162329','Ben','read',2,'{"reading": 14, "candidate": 12, "role": "second", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(26,'2026-11-30 05:57:32.170613','Ben','read',2,'{"reading": 15, "candidate": 13, "role": "second", "call": "parasite"}');
INSERT INTO "audit" VALUES(27,'2026-11-30 05:57:32.191612','Ben','signed',2,'{"version": 1, "sha256": "426f90fd33d427211342de0da0c958c4bdbe6a6a25710099920ccd140d73154e"}');
INSERT INTO "audit" VALUES(28,'2026-11-30 05:57:32.196704','Anna','case added',NULL,'{"case": 3}');
INSERT INTO "audit" VALUES(29,'2026-11-30 05:57:32.201482','Anna','slide added',3,'{"case": 3}');
INSERT INTO "audit" VALUES(30,'2026-11-30 05:57:32.278079','process','scoring: scoring',3,'{}');
INSERT INTO "audit" VALUES(31,'2026-11-30 05:57:32.290756','Anna','result taken in',3,'{"result": 3, "sha256": "4bec14b086e7f5cb57356bf652a6e49ee30a963e062246ee3bd229bc1b927ce5"}');
INSERT INTO "audit" VALUES(32,'2026-11-30 05:57:32.295230','Anna','read',3,'{"reading": 16, "candidate": 14, "role": "first", "call": "parasite"}');
INSERT INTO "audit" VALUES(33,'2026-11-30 05:57:32.296819','Anna','read',3,'{"reading": 17, "candidate": 16, "role": "first", "call": "not a parasite"}');
INSERT INTO "audit" VALUES(34,'2026-11-30 05:57:32.310782','Anna','offered: further',3,'{"cells": 2}');
INSERT INTO "audit" VALUES(35,'2026-11-30 05:57:32.312920','Anna','read',3,'{"reading": 18, "candidate": 18, "role": "first", "call": "unsure"}');
INSERT INTO "audit" VALUES(36,'2026-11-30 05:57:32.321627','Anna','scoring: queued',3,'{}');
INSERT INTO "audit" VALUES(37,'2026-11-30 05:57:32.401844','process','scoring: scoring',3,'{}');
INSERT INTO "audit" VALUES(38,'2026-11-30 05:57:32.418339','Anna','result taken in',3,'{"result": 4, "sha256": "66b54478af3d78c21ad867b1ee81f3c150a8f445fffb9495009e121b27bd1cbe"}');
CREATE TABLE candidates (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	field TEXT NOT NULL, 
	x FLOAT NOT NULL, 
	y FLOAT NOT NULL, 
	width FLOAT NOT NULL, 
	height FLOAT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id), 
	UNIQUE (slide_id, field, x, y, width, height)
);
INSERT INTO "candidates" VALUES(1,1,'a.png',5.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(2,1,'b.png',45.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(3,1,'a.png',125.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(4,1,'b.png',165.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(5,1,'a.png',45.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(6,1,'a.png',85.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(7,1,'a.png',165.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(8,1,'b.png',125.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(9,1,'b.png',85.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(10,1,'b.png',150.5,12.25,20.0,20.0);
INSERT INTO "candidates" VALUES(11,2,'a.png',5.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(12,2,'a.png',45.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(13,2,'a.png',85.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(14,3,'a.png',5.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(15,3,'a.png',45.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(16,3,'a.png',85.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(17,3,'a.png',125.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(18,3,'a.png',165.0,5.0,30.25,30.25);
INSERT INTO "candidates" VALUES(19,3,'b.png',125.0,5.0,30.25,30.25);
CREATE TABLE cases (
	id INTEGER NOT NULL, 
	patient TEXT, 
	salt TEXT, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "cases" VALUES(1,'patient 1','f95bc74e605f0fd94a69d7d58779edc8','2026-11-30 05:57:31.320256');
INSERT INTO "cases" VALUES(2,'patient 2','4a219a674fbaf70b6b17698a60a2da11','2026-11-30 05:57:32.012306');
INSERT INTO "cases" VALUES(3,'patient 3','854ab030af370ba3347752778fea212b','2026-11-30 05:57:32.196279');
CREATE TABLE field_flags (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	field TEXT NOT NULL, 
	flagged INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
CREATE TABLE looks (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	person TEXT NOT NULL, 
	last_reading_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id), 
	FOREIGN KEY(last_reading_id) REFERENCES readings (id)
);
CREATE TABLE model_switches (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE offers (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	candidate_id INTEGER NOT NULL, 
	result_id INTEGER NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	rank INTEGER, 
	infected_score FLOAT, 
	picture TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(candidate_id) REFERENCES candidates (id), 
	FOREIGN KEY(result_id) REFERENCES results (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
INSERT INTO "offers" VALUES(1,1,1,1,'called',1,0.95,'0001.png');
INSERT INTO "offers" VALUES(2,1,2,1,'called',2,0.9,'0002.png');
INSERT INTO "offers" VALUES(3,1,3,1,'called',3,0.85,'0003.png');
INSERT INTO "offers" VALUES(4,1,4,1,'called',4,0.8,'0004.png');
INSERT INTO "offers" VALUES(5,1,5,1,'further',NULL,0.399,NULL);
INSERT INTO "offers" VALUES(6,1,6,1,'further',NULL,0.398,NULL);
INSERT INTO "offers" VALUES(7,1,7,1,'further',NULL,0.397,NULL);
INSERT INTO "offers" VALUES(8,1,8,1,'sample',NULL,0.391,NULL);
INSERT INTO "offers" VALUES(9,1,9,1,'sample',NULL,0.392,NULL);
INSERT INTO "offers" VALUES(10,1,10,1,'marked',NULL,NULL,NULL);
INSERT INTO "offers" VALUES(11,2,11,2,'called',1,0.95,'0001.png');
INSERT INTO "offers" VALUES(12,2,12,2,'called',2,0.9,'0002.png');
INSERT INTO "offers" VALUES(13,2,13,2,'further',NULL,0.399,NULL);
INSERT INTO "offers" VALUES(14,3,14,3,'called',1,0.9,'0001.png');
INSERT INTO "offers" VALUES(15,3,15,3,'called',2,0.8,'0002.png');
INSERT INTO "offers" VALUES(16,3,16,3,'called',3,0.7,'0003.png');
INSERT INTO "offers" VALUES(17,3,17,3,'further',NULL,0.399,NULL);
INSERT INTO "offers" VALUES(18,3,18,3,'further',NULL,0.398,NULL);
INSERT INTO "offers" VALUES(19,3,19,4,'called',1,0.99,'0001.png');
INSERT INTO "offers" VALUES(20,3,14,4,'called',2,0.9,'0002.png');
CREATE TABLE readings (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	candidate_id INTEGER NOT NULL, 
	reader TEXT NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	call VARCHAR(16) NOT NULL, 
	reason VARCHAR(16), 
	stage VARCHAR(16), 
	species VARCHAR(16), 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(candidate_id) REFERENCES candidates (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
INSERT INTO "readings" VALUES(1,1,1,'Anna','first','parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.915411');
INSERT INTO "readings" VALUES(2,1,2,'Anna','first','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.921271');
INSERT INTO "readings" VALUES(3,1,3,'Anna','first','unsure',NULL,NULL,NULL,'2026-11-30 05:57:31.925113');
INSERT INTO "readings" VALUES(4,1,1,'Ben','second','parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.937373');
INSERT INTO "readings" VALUES(5,1,2,'Ben','second','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.941118');
INSERT INTO "readings" VALUES(6,1,5,'Anna','first','parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.965495');
INSERT INTO "readings" VALUES(7,1,6,'Anna','first','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.968990');
INSERT INTO "readings" VALUES(8,1,8,'Anna','first','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:31.993498');
INSERT INTO "readings" VALUES(9,1,10,'Anna','first','parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.002905');
INSERT INTO "readings" VALUES(10,2,11,'Anna','first','parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.128162');
INSERT INTO "readings" VALUES(11,2,12,'Anna','first','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.133685');
INSERT INTO "readings" VALUES(12,2,13,'Anna','first','parasite',NULL,'ring',NULL,'2026-11-30 05:57:32.146119');
INSERT INTO "readings" VALUES(13,2,11,'Ben','second','parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.154016');
INSERT INTO "readings" VALUES(14,2,12,'Ben','second','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.162029');
INSERT INTO "readings" VALUES(15,2,13,'Ben','second','parasite',NULL,'ring',NULL,'2026-11-30 05:57:32.170343');
INSERT INTO "readings" VALUES(16,3,14,'Anna','first','parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.294985');
INSERT INTO "readings" VALUES(17,3,16,'Anna','first','not a parasite',NULL,NULL,NULL,'2026-11-30 05:57:32.296606');
INSERT INTO "readings" VALUES(18,3,18,'Anna','first','unsure',NULL,NULL,NULL,'2026-11-30 05:57:32.312692');
CREATE TABLE results (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	folder TEXT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	document TEXT NOT NULL, 
	field_cells JSON NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
INSERT INTO "results" VALUES(1,1,'results/being-read','122d503246021e16a63e5deb101b222d56501946466fc0a735896b1f8f747b60','{
  "format": 1,
  "notice": "research use only, not for diagnosis",
  "slide": "as scored",
  "fields": {
    "found": 3,
    "counted": 2,
    "excluded": {
      "out of focus": 1
    },
    "unreadable": []
  },
  "cells": {
    "located": 15,
    "evaluable": 14,
    "not_evaluable": {
      "edge": 1
    },
    "called_infected": 4,
    "candidates_written": 4
  },
  "evidence": {
    "count": {
      "cells": 14,
      "fields": 2,
      "candidates": 4,
      "candidates_unread": 4,
      "excluded": [
        {
          "count": 1,
          "what": "cells",
          "why": "edge"
        }
      ]
    },
    "conditions": {
      "outside_validity": [],
      "fields_failed": 0,
      "failed_share_limit": 0.3,
      "outside": []
    },
    "performance": {
      "model": "dots",
      "validation_set": "drawn discs",
      "threshold": 0.5,
      "steps": [
        {
          "found": 95,
          "missed": 5
        }
      ],
      "false_calls": {
        "count": 1,
        "healthy_cells": 10000
      },
      "dispersion": null
    },
    "assumptions": {
      "red_cells_per_ul": 5000000.0,
      "red_cells_measured": false,
      "detection_limit_per_ul": 75.0,
      "review_sensitivity": 1.0,
      "false_accepts": null
    },
    "readings": null
  },
  "verdict": {
    "kind": "awaiting review",
    "reasons": [
      "4 of 4 candidates are unread.",
      "If readers accept no cell, more than 1 132 499 parasites/µL are excluded at 95 %.",
      "The count is not adequate yet.",
      "211 386 more cells are missing: 14 are counted, and 211 400 are needed to exclude 75 parasites/µL with this sensitivity. Fields may be added to this slide.",
      "Without review, false calls alone can hide up to 1 189 754 parasites/µL.",
      "The cells come from 2 fields: take at least 100 spread over the film, because parasites cluster."
    ],
    "figures": null,
    "detection_limit_per_ul": 1132498.4008722284,
    "cells_needed": 211400,
    "cells_missing": 211386,
    "target_cells": 200000,
    "notice": "research use only, not for diagnosis",
    "sentences": [
      {
        "code": "verdict.unread",
        "values": {
          "unread": 4,
          "candidates": 4
        }
      },
      {
        "code": "verdict.excludes_after_review",
        "values": {
          "limit": 1132498.4008722284,
          "confidence": 0.95
        }
      },
      {
        "code": "verdict.not_adequate",
        "values": {}
      },
      {
        "code": "verdict.missing",
        "values": {
          "missing": 211386,
          "cells": 14,
          "needed": 211400,
          "limit": 75.0
        }
      },
      {
        "code": "verdict.without_review",
        "values": {
          "limit": 1189753.1300256408
        }
      },
      {
        "code": "verdict.spread",
        "values": {
          "fields": 2,
          "target": 100
        }
      }
    ]
  },
  "machine_figures": null,
  "reference": {
    "cell_diameter_px": 30.0,
    "cell_colour": [
      200.0,
      140.0,
      150.0
    ]
  },
  "options": {
    "um_per_pixel": null,
    "review_budget": 100
  },
  "model": {
    "name": "dots",
    "identity": "dots 1"
  },
  "versions": {
    "smearscope": "0.1.0"
  }
}
','{"a.png": 8, "b.png": 6}','2026-11-30 05:57:31.902964');
INSERT INTO "results" VALUES(2,2,'results/signed','8be6d7f7862f202922d3fc506673d3c991d2cc56b183ebb3eaa546ebaec53f00','{
  "format": 1,
  "notice": "research use only, not for diagnosis",
  "slide": "as scored",
  "fields": {
    "found": 2,
    "counted": 1,
    "excluded": {
      "out of focus": 1
    },
    "unreadable": []
  },
  "cells": {
    "located": 9,
    "evaluable": 8,
    "not_evaluable": {
      "edge": 1
    },
    "called_infected": 2,
    "candidates_written": 2
  },
  "evidence": {
    "count": {
      "cells": 8,
      "fields": 1,
      "candidates": 2,
      "candidates_unread": 2,
      "excluded": [
        {
          "count": 1,
          "what": "cells",
          "why": "edge"
        }
      ]
    },
    "conditions": {
      "outside_validity": [],
      "fields_failed": 0,
      "failed_share_limit": 0.3,
      "outside": []
    },
    "performance": {
      "model": "dots",
      "validation_set": "drawn discs",
      "threshold": 0.5,
      "steps": [
        {
          "found": 95,
          "missed": 5
        }
      ],
      "false_calls": {
        "count": 1,
        "healthy_cells": 10000
      },
      "dispersion": null
    },
    "assumptions": {
      "red_cells_per_ul": 5000000.0,
      "red_cells_measured": false,
      "detection_limit_per_ul": 75.0,
      "review_sensitivity": 1.0,
      "false_accepts": null
    },
    "readings": null
  },
  "verdict": {
    "kind": "awaiting review",
    "reasons": [
      "2 of 2 candidates are unread.",
      "If readers accept no cell, more than 1 981 873 parasites/µL are excluded at 95 %.",
      "The count is not adequate yet.",
      "211 392 more cells are missing: 8 are counted, and 211 400 are needed to exclude 75 parasites/µL with this sensitivity. Fields may be added to this slide.",
      "Without review, false calls alone can hide up to 2 084 051 parasites/µL.",
      "The cells come from 1 field: take at least 100 spread over the film, because parasites cluster."
    ],
    "figures": null,
    "detection_limit_per_ul": 1981872.2015263997,
    "cells_needed": 211400,
    "cells_missing": 211392,
    "target_cells": 200000,
    "notice": "research use only, not for diagnosis",
    "sentences": [
      {
        "code": "verdict.unread",
        "values": {
          "unread": 2,
          "candidates": 2
        }
      },
      {
        "code": "verdict.excludes_after_review",
        "values": {
          "limit": 1981872.2015263997,
          "confidence": 0.95
        }
      },
      {
        "code": "verdict.not_adequate",
        "values": {}
      },
      {
        "code": "verdict.missing",
        "values": {
          "missing": 211392,
          "cells": 8,
          "needed": 211400,
          "limit": 75.0
        }
      },
      {
        "code": "verdict.without_review",
        "values": {
          "limit": 2084050.596780384
        }
      },
      {
        "code": "verdict.spread",
        "values": {
          "fields": 1,
          "target": 100
        }
      }
    ]
  },
  "machine_figures": null,
  "reference": {
    "cell_diameter_px": 30.0,
    "cell_colour": [
      200.0,
      140.0,
      150.0
    ]
  },
  "options": {
    "um_per_pixel": null,
    "review_budget": 100
  },
  "model": {
    "name": "dots",
    "identity": "dots 1"
  },
  "versions": {
    "smearscope": "0.1.0"
  }
}
','{"a.png": 8}','2026-11-30 05:57:32.104694');
INSERT INTO "results" VALUES(3,3,'results/grown','4bec14b086e7f5cb57356bf652a6e49ee30a963e062246ee3bd229bc1b927ce5','{
  "format": 1,
  "notice": "research use only, not for diagnosis",
  "slide": "as scored",
  "fields": {
    "found": 2,
    "counted": 1,
    "excluded": {
      "out of focus": 1
    },
    "unreadable": []
  },
  "cells": {
    "located": 9,
    "evaluable": 8,
    "not_evaluable": {
      "edge": 1
    },
    "called_infected": 3,
    "candidates_written": 3
  },
  "evidence": {
    "count": {
      "cells": 8,
      "fields": 1,
      "candidates": 3,
      "candidates_unread": 3,
      "excluded": [
        {
          "count": 1,
          "what": "cells",
          "why": "edge"
        }
      ]
    },
    "conditions": {
      "outside_validity": [],
      "fields_failed": 0,
      "failed_share_limit": 0.3,
      "outside": []
    },
    "performance": {
      "model": "dots",
      "validation_set": "drawn discs",
      "threshold": 0.5,
      "steps": [
        {
          "found": 95,
          "missed": 5
        }
      ],
      "false_calls": {
        "count": 1,
        "healthy_cells": 10000
      },
      "dispersion": null
    },
    "assumptions": {
      "red_cells_per_ul": 5000000.0,
      "red_cells_measured": false,
      "detection_limit_per_ul": 75.0,
      "review_sensitivity": 1.0,
      "false_accepts": null
    },
    "readings": null
  },
  "verdict": {
    "kind": "awaiting review",
    "reasons": [
      "3 of 3 candidates are unread.",
      "If readers accept no cell, more than 1 981 873 parasites/µL are excluded at 95 %.",
      "The count is not adequate yet.",
      "211 392 more cells are missing: 8 are counted, and 211 400 are needed to exclude 75 parasites/µL with this sensitivity. Fields may be added to this slide.",
      "Without review, false calls alone can hide up to 2 084 051 parasites/µL.",
      "The cells come from 1 field: take at least 100 spread over the film, because parasites cluster."
    ],
    "figures": null,
    "detection_limit_per_ul": 1981872.2015263997,
    "cells_needed": 211400,
    "cells_missing": 211392,
    "target_cells": 200000,
    "notice": "research use only, not for diagnosis",
    "sentences": [
      {
        "code": "verdict.unread",
        "values": {
          "unread": 3,
          "candidates": 3
        }
      },
      {
        "code": "verdict.excludes_after_review",
        "values": {
          "limit": 1981872.2015263997,
          "confidence": 0.95
        }
      },
      {
        "code": "verdict.not_adequate",
        "values": {}
      },
      {
        "code": "verdict.missing",
        "values": {
          "missing": 211392,
          "cells": 8,
          "needed": 211400,
          "limit": 75.0
        }
      },
      {
        "code": "verdict.without_review",
        "values": {
          "limit": 2084050.596780384
        }
      },
      {
        "code": "verdict.spread",
        "values": {
          "fields": 1,
          "target": 100
        }
      }
    ]
  },
  "machine_figures": null,
  "reference": {
    "cell_diameter_px": 30.0,
    "cell_colour": [
      200.0,
      140.0,
      150.0
    ]
  },
  "options": {
    "um_per_pixel": null,
    "review_budget": 100
  },
  "model": {
    "name": "dots",
    "identity": "dots 1"
  },
  "versions": {
    "smearscope": "0.1.0"
  }
}
','{"a.png": 8}','2026-11-30 05:57:32.289233');
INSERT INTO "results" VALUES(4,3,'results/grown-more','66b54478af3d78c21ad867b1ee81f3c150a8f445fffb9495009e121b27bd1cbe','{
  "format": 1,
  "notice": "research use only, not for diagnosis",
  "slide": "as scored",
  "fields": {
    "found": 3,
    "counted": 2,
    "excluded": {
      "out of focus": 1
    },
    "unreadable": []
  },
  "cells": {
    "located": 16,
    "evaluable": 15,
    "not_evaluable": {
      "edge": 1
    },
    "called_infected": 2,
    "candidates_written": 2
  },
  "evidence": {
    "count": {
      "cells": 15,
      "fields": 2,
      "candidates": 2,
      "candidates_unread": 2,
      "excluded": [
        {
          "count": 1,
          "what": "cells",
          "why": "edge"
        }
      ]
    },
    "conditions": {
      "outside_validity": [],
      "fields_failed": 0,
      "failed_share_limit": 0.3,
      "outside": []
    },
    "performance": {
      "model": "dots",
      "validation_set": "drawn discs",
      "threshold": 0.5,
      "steps": [
        {
          "found": 95,
          "missed": 5
        }
      ],
      "false_calls": {
        "count": 1,
        "healthy_cells": 10000
      },
      "dispersion": null
    },
    "assumptions": {
      "red_cells_per_ul": 5000000.0,
      "red_cells_measured": false,
      "detection_limit_per_ul": 75.0,
      "review_sensitivity": 1.0,
      "false_accepts": null
    },
    "readings": null
  },
  "verdict": {
    "kind": "awaiting review",
    "reasons": [
      "2 of 2 candidates are unread.",
      "If readers accept no cell, more than 1 056 999 parasites/µL are excluded at 95 %.",
      "The count is not adequate yet.",
      "211 385 more cells are missing: 15 are counted, and 211 400 are needed to exclude 75 parasites/µL with this sensitivity. Fields may be added to this slide.",
      "Without review, false calls alone can hide up to 1 110 261 parasites/µL.",
      "The cells come from 2 fields: take at least 100 spread over the film, because parasites cluster."
    ],
    "figures": null,
    "detection_limit_per_ul": 1056998.5074807466,
    "cells_needed": 211400,
    "cells_missing": 211385,
    "target_cells": 200000,
    "notice": "research use only, not for diagnosis",
    "sentences": [
      {
        "code": "verdict.unread",
        "values": {
          "unread": 2,
          "candidates": 2
        }
      },
      {
        "code": "verdict.excludes_after_review",
        "values": {
          "limit": 1056998.5074807466,
          "confidence": 0.95
        }
      },
      {
        "code": "verdict.not_adequate",
        "values": {}
      },
      {
        "code": "verdict.missing",
        "values": {
          "missing": 211385,
          "cells": 15,
          "needed": 211400,
          "limit": 75.0
        }
      },
      {
        "code": "verdict.without_review",
        "values": {
          "limit": 1110260.0218696636
        }
      },
      {
        "code": "verdict.spread",
        "values": {
          "fields": 2,
          "target": 100
        }
      }
    ]
  },
  "machine_figures": null,
  "reference": {
    "cell_diameter_px": 30.0,
    "cell_colour": [
      200.0,
      140.0,
      150.0
    ]
  },
  "options": {
    "um_per_pixel": null,
    "review_budget": 100
  },
  "model": {
    "name": "dots",
    "identity": "dots 1"
  },
  "versions": {
    "smearscope": "0.1.0"
  }
}
','{"a.png": 8, "b.png": 7}','2026-11-30 05:57:32.417166');
CREATE TABLE role_changes (
	id INTEGER NOT NULL, 
	person TEXT NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	granted INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE scoring_steps (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	step VARCHAR(16) NOT NULL, 
	detail TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
INSERT INTO "scoring_steps" VALUES(1,1,'queued','','2026-11-30 05:57:31.325276');
INSERT INTO "scoring_steps" VALUES(2,1,'scoring','','2026-11-30 05:57:31.876436');
INSERT INTO "scoring_steps" VALUES(3,1,'scored','','2026-11-30 05:57:31.906296');
INSERT INTO "scoring_steps" VALUES(4,2,'queued','','2026-11-30 05:57:32.017074');
INSERT INTO "scoring_steps" VALUES(5,2,'scoring','','2026-11-30 05:57:32.095552');
INSERT INTO "scoring_steps" VALUES(6,2,'scored','','2026-11-30 05:57:32.106053');
INSERT INTO "scoring_steps" VALUES(7,3,'queued','','2026-11-30 05:57:32.200519');
INSERT INTO "scoring_steps" VALUES(8,3,'scoring','','2026-11-30 05:57:32.277825');
INSERT INTO "scoring_steps" VALUES(9,3,'scored','','2026-11-30 05:57:32.290613');
INSERT INTO "scoring_steps" VALUES(10,3,'queued','','2026-11-30 05:57:32.321388');
INSERT INTO "scoring_steps" VALUES(11,3,'scoring','','2026-11-30 05:57:32.401589');
INSERT INTO "scoring_steps" VALUES(12,3,'scored','','2026-11-30 05:57:32.418193');
CREATE TABLE signatures (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	"by" TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id), 
	UNIQUE (slide_id, version)
);
INSERT INTO "signatures" VALUES(1,2,1,'Ben','2026-11-30 05:57:32.178720','426f90fd33d427211342de0da0c958c4bdbe6a6a25710099920ccd140d73154e','{"agreement":{"agreed":3,"cells":3,"kappa":1.0},"cells":{"called_infected":2,"candidates_written":2,"evaluable":8,"located":9,"not_evaluable":{"edge":1}},"evidence":{"assumptions":{"detection_limit_per_ul":75.0,"false_accepts":null,"red_cells_measured":false,"red_cells_per_ul":5000000.0,"review_sensitivity":1.0},"conditions":{"failed_share_limit":0.3,"fields_failed":0,"outside":[],"outside_validity":[]},"count":{"candidates":2,"candidates_unread":0,"cells":8,"excluded":[{"count":1,"what":"cells","why":"edge"}],"fields":1},"performance":{"dispersion":null,"false_calls":{"count":1,"healthy_cells":10000},"model":"dots","steps":[{"found":95,"missed":5}],"threshold":0.5,"validation_set":"drawn discs"},"readings":{"accepted_by_both":1,"accepted_by_one":0,"disputed":0,"fields_drawn_at_random":false,"fields_read_whole":[{"cells":8,"infected":1}],"gametocytes":0,"marked_by_both":1,"marked_by_one":0,"marked_unsure":0,"unsure":0}},"fields":{"counted":1,"excluded":{"out of focus":1},"found":2,"unreadable":[]},"fields_to_photograph_again":[],"format":1,"machine_figures":null,"model":{"identity":"dots 1","name":"dots"},"notice":"research use only, not for diagnosis","options":{"review_budget":100,"um_per_pixel":null},"pictures":[{"candidate":11,"sha256":"33b62e9bef1e74193848577917d79483b1572fff6cdaf5308393a56fbeaf9fc9"},{"candidate":13,"sha256":"09cff5598af98a3e8c27decb4fcec93c8d17d9b13a3a5635d95f00c1c78a6ed7"}],"readings":[{"candidate":11,"decision":"accepted by two readers","field":"a.png","gametocyte":false,"height":30.25,"infected_score":0.95,"kind":"called","rank":1,"readings":[{"at":"2026-11-30T05:57:32.128162Z","call":"parasite","number":10,"reader":"Anna","reason":null,"role":"first","species":null,"stage":null},{"at":"2026-11-30T05:57:32.154016Z","call":"parasite","number":13,"reader":"Ben","reason":null,"role":"second","species":null,"stage":null}],"width":30.25,"x":5.0,"y":5.0},{"candidate":12,"decision":"rejected","field":"a.png","gametocyte":false,"height":30.25,"infected_score":0.9,"kind":"called","rank":2,"readings":[{"at":"2026-11-30T05:57:32.133685Z","call":"not a parasite","number":11,"reader":"Anna","reason":null,"role":"first","species":null,"stage":null},{"at":"2026-11-30T05:57:32.162029Z","call":"not a parasite","number":14,"reader":"Ben","reason":null,"role":"second","species":null,"stage":null}],"width":30.25,"x":45.0,"y":5.0},{"candidate":13,"decision":"accepted by two readers","field":"a.png","gametocyte":false,"height":30.25,"infected_score":0.399,"kind":"further","rank":null,"readings":[{"at":"2026-11-30T05:57:32.146119Z","call":"parasite","number":12,"reader":"Anna","reason":null,"role":"first","species":null,"stage":"ring"},{"at":"2026-11-30T05:57:32.170343Z","call":"parasite","number":15,"reader":"Ben","reason":null,"role":"second","species":null,"stage":"ring"}],"width":30.25,"x":85.0,"y":5.0}],"reference":{"cell_colour":[200.0,140.0,150.0],"cell_diameter_px":30.0},"signature":{"amendment":null,"at":"2026-11-30T05:57:32.178720Z","by":"Ben","patient_sha256":"aa3a82569379acb18294dc38a9694f5e3f1a82e027448957eecc83e9628ad6b0","previous_sha256":null,"result_sha256":"8be6d7f7862f202922d3fc506673d3c991d2cc56b183ebb3eaa546ebaec53f00","version":1},"slide":"signed","verdict":{"cells_missing":null,"cells_needed":null,"detection_limit_per_ul":null,"figures":{"cells":8,"corrected_fraction":{"high":0.7331109724919603,"low":0.0033312905242486707,"value":0.13157894736842105},"density_per_ul":{"high":3665554.8624598016,"low":16656.452621243352,"value":657894.7368421053},"dispersion":1.0,"dispersion_measured":false,"infected":1,"raw_fraction":{"high":0.5265096708752065,"low":0.003159723531251909,"value":0.125}},"kind":"positive","notice":"research use only, not for diagnosis","reasons":["Two readers agree on 2 parasites.","1 of them was marked by hand where the machine saw none, not counted in the density.","The density is based on 1 parasite; about 62 are needed to know it within 25 %."],"sentences":[{"code":"verdict.agreed","values":{"parasites":2}},{"code":"verdict.marked","values":{"count":1}},{"code":"verdict.rough","values":{"enough":62,"parasites":1}}],"target_cells":200000},"versions":{"smearscope":"0.1.0"}}');
CREATE TABLE signed_pictures (
	id INTEGER NOT NULL, 
	signature_id INTEGER NOT NULL, 
	candidate_id INTEGER NOT NULL, 
	png BLOB NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(candidate_id) REFERENCES candidates (id), 
	FOREIGN KEY(signature_id) REFERENCES signatures (id), 
	UNIQUE (signature_id, candidate_id)
);
INSERT INTO "signed_pictures" VALUES(1,1,11,X'89504E470D0A1A0A0000000D49484452000000080000000808020000004B6D29DC0000002449444154081D6DC1010100000001206EF67F8803AAC853E429F214798A3C459E224F9167A8D10879C4DB7FEE0000000049454E44AE426082');
INSERT INTO "signed_pictures" VALUES(2,1,13,X'89504E470D0A1A0A0000000D4948445200000046000000460802000000FE4C75D30000029C494441546805DDC1B18D24310C04C0A6AB6064CB501C0C83B6E260180C47B6EC8EE381071EB8C3AE84B9DB9937582524918B90442E4212B90849E42224918B90442E4212B90849E42224918B90442E4212B90849E42224918B90442E4212B90849E42224918B90442E4212B90849E42224F15F54F51986E749E96385E101551D47330C0F90D207FE5A61B84955C765330C3769EA00A4F4812F56183E50D5F12B330C1F68EAF8474A1FF86E85E157AA3A3E30C3F02B4D1D5F48E9032F56187EA8AAE363330C3FD4D4F19D943EF0CE0AC365551D379961B8ACA9E385943EF0CE0AC365551D379961B8ACA9E385943EB0B1C2704155C7AD66182E68EA78474A1FD85861B8A0AAE356330C173475BC23A50FECAD301C55753C6086E1A8A963434A1FD85B6138AAEA78C00CC35153C786943EB0B7C27054D5F1801986A3A68E0D297D606F85E1A8AAE301330C474D1D1B52FAC0DE0AC35155C70366188E9A3A36A4F481A315868DAA8EC7CC306C3475EC49E9037B2B0C47551D0F9861386AEAD890D207F656188EAA3A1E30C370D4D4B121A50FECAD301C55753C6086E1A8A963434A1FD85B6138AAEA78C00CC35153C786943EB0B7C27054D5F1801986A3A68E0D297D606385E182AA8E5BCD305CD0D4F18E943EB0B1C2704155C7AD66182E68EA78474A1F786785E1B2AA8E9BCC305CD6D4F1424A1F786785E1B2AA8E9BCC305CD6D4F1424A1F78B1C2F043551D1F9B61F8A1A68EEFA4F481EF56187EA5AAE303330CBFD2D4F185943EF0C50AC307AA3A7E6586E1034D1DFF48E9037FAD30DCA4AAE3B219869B34750052FA5861784055C7D10CC3038424FE8BAA3EC3F03C21895C8424721192C84548221721895C8424721192C84548221721895C8424721192C84548221721895C8424721192C84548221721895C8424721192C8E50FCBD63862462406AD0000000049454E44AE426082');
CREATE TABLE slide_settings (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	red_cells_per_ul FLOAT, 
	review_budget INTEGER, 
	"by" TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id)
);
CREATE TABLE slides (
	id INTEGER NOT NULL, 
	case_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	um_per_pixel FLOAT, 
	added_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(case_id) REFERENCES cases (id)
);
INSERT INTO "slides" VALUES(1,1,'being-read','slides/being-read',NULL,'2026-11-30 05:57:31.325276');
INSERT INTO "slides" VALUES(2,2,'signed','slides/signed',NULL,'2026-11-30 05:57:32.017074');
INSERT INTO "slides" VALUES(3,3,'grown','slides/grown',NULL,'2026-11-30 05:57:32.200519');
CREATE TABLE undoings (
	id INTEGER NOT NULL, 
	slide_id INTEGER NOT NULL, 
	reading_id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(reading_id) REFERENCES readings (id), 
	FOREIGN KEY(slide_id) REFERENCES slides (id), 
	UNIQUE (reading_id)
);
CREATE INDEX ix_slides_case_id ON slides (case_id);
CREATE INDEX ix_amendments_slide_id ON amendments (slide_id);
CREATE INDEX ix_audit_slide_id ON audit (slide_id);
CREATE INDEX ix_candidates_slide_id ON candidates (slide_id);
CREATE INDEX ix_field_flags_slide_id ON field_flags (slide_id);
CREATE INDEX ix_results_slide_id ON results (slide_id);
CREATE INDEX ix_scoring_steps_slide_id ON scoring_steps (slide_id);
CREATE INDEX ix_signatures_slide_id ON signatures (slide_id);
CREATE INDEX ix_offers_slide_id ON offers (slide_id);
CREATE INDEX ix_readings_slide_id ON readings (slide_id);
CREATE INDEX ix_undoings_slide_id ON undoings (slide_id);
CREATE TRIGGER slides_no_update BEFORE UPDATE ON slides BEGIN SELECT RAISE(ABORT, 'slides are never changed or deleted'); END;
CREATE TRIGGER slides_no_delete BEFORE DELETE ON slides BEGIN SELECT RAISE(ABORT, 'slides are never changed or deleted'); END;
CREATE TRIGGER scoring_steps_no_update BEFORE UPDATE ON scoring_steps BEGIN SELECT RAISE(ABORT, 'scoring_steps are never changed or deleted'); END;
CREATE TRIGGER scoring_steps_no_delete BEFORE DELETE ON scoring_steps BEGIN SELECT RAISE(ABORT, 'scoring_steps are never changed or deleted'); END;
CREATE TRIGGER results_no_update BEFORE UPDATE ON results BEGIN SELECT RAISE(ABORT, 'results are never changed or deleted'); END;
CREATE TRIGGER results_no_delete BEFORE DELETE ON results BEGIN SELECT RAISE(ABORT, 'results are never changed or deleted'); END;
CREATE TRIGGER candidates_no_update BEFORE UPDATE ON candidates BEGIN SELECT RAISE(ABORT, 'candidates are never changed or deleted'); END;
CREATE TRIGGER candidates_no_delete BEFORE DELETE ON candidates BEGIN SELECT RAISE(ABORT, 'candidates are never changed or deleted'); END;
CREATE TRIGGER offers_no_update BEFORE UPDATE ON offers BEGIN SELECT RAISE(ABORT, 'offers are never changed or deleted'); END;
CREATE TRIGGER offers_no_delete BEFORE DELETE ON offers BEGIN SELECT RAISE(ABORT, 'offers are never changed or deleted'); END;
CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'readings are never changed or deleted'); END;
CREATE TRIGGER readings_no_delete BEFORE DELETE ON readings BEGIN SELECT RAISE(ABORT, 'readings are never changed or deleted'); END;
CREATE TRIGGER undoings_no_update BEFORE UPDATE ON undoings BEGIN SELECT RAISE(ABORT, 'undoings are never changed or deleted'); END;
CREATE TRIGGER undoings_no_delete BEFORE DELETE ON undoings BEGIN SELECT RAISE(ABORT, 'undoings are never changed or deleted'); END;
CREATE TRIGGER field_flags_no_update BEFORE UPDATE ON field_flags BEGIN SELECT RAISE(ABORT, 'field_flags are never changed or deleted'); END;
CREATE TRIGGER field_flags_no_delete BEFORE DELETE ON field_flags BEGIN SELECT RAISE(ABORT, 'field_flags are never changed or deleted'); END;
CREATE TRIGGER amendments_no_update BEFORE UPDATE ON amendments BEGIN SELECT RAISE(ABORT, 'amendments are never changed or deleted'); END;
CREATE TRIGGER amendments_no_delete BEFORE DELETE ON amendments BEGIN SELECT RAISE(ABORT, 'amendments are never changed or deleted'); END;
CREATE TRIGGER signatures_no_update BEFORE UPDATE ON signatures BEGIN SELECT RAISE(ABORT, 'signatures are never changed or deleted'); END;
CREATE TRIGGER signatures_no_delete BEFORE DELETE ON signatures BEGIN SELECT RAISE(ABORT, 'signatures are never changed or deleted'); END;
CREATE TRIGGER signed_pictures_no_update BEFORE UPDATE ON signed_pictures BEGIN SELECT RAISE(ABORT, 'signed_pictures are never changed or deleted'); END;
CREATE TRIGGER signed_pictures_no_delete BEFORE DELETE ON signed_pictures BEGIN SELECT RAISE(ABORT, 'signed_pictures are never changed or deleted'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit are never changed or deleted'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit are never changed or deleted'); END;
CREATE TRIGGER cases_no_delete BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases are never deleted'); END;
CREATE TRIGGER cases_only_erased BEFORE UPDATE ON cases WHEN 
    NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.patient IS NOT NULL OR NEW.salt IS NOT NULL
 BEGIN SELECT RAISE(ABORT, 'a case is never changed; its patient can be erased'); END;
CREATE INDEX ix_looks_slide_id ON looks (slide_id);
CREATE TRIGGER role_changes_no_update BEFORE UPDATE ON role_changes BEGIN SELECT RAISE(ABORT, 'role_changes are never changed or deleted'); END;
CREATE TRIGGER role_changes_no_delete BEFORE DELETE ON role_changes BEGIN SELECT RAISE(ABORT, 'role_changes are never changed or deleted'); END;
CREATE TRIGGER looks_no_update BEFORE UPDATE ON looks BEGIN SELECT RAISE(ABORT, 'looks are never changed or deleted'); END;
CREATE TRIGGER looks_no_delete BEFORE DELETE ON looks BEGIN SELECT RAISE(ABORT, 'looks are never changed or deleted'); END;
CREATE INDEX ix_slide_settings_slide_id ON slide_settings (slide_id);
CREATE INDEX ix_readings_candidate_id ON readings (candidate_id);
CREATE TRIGGER slide_settings_no_update BEFORE UPDATE ON slide_settings BEGIN SELECT RAISE(ABORT, 'slide_settings are never changed or deleted'); END;
CREATE TRIGGER slide_settings_no_delete BEFORE DELETE ON slide_settings BEGIN SELECT RAISE(ABORT, 'slide_settings are never changed or deleted'); END;
CREATE TRIGGER model_switches_no_update BEFORE UPDATE ON model_switches BEGIN SELECT RAISE(ABORT, 'model_switches are never changed or deleted'); END;
CREATE TRIGGER model_switches_no_delete BEFORE DELETE ON model_switches BEGIN SELECT RAISE(ABORT, 'model_switches are never changed or deleted'); END;
COMMIT;
